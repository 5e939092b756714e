"""Programs for developers of the plugin: its zip, its translations, its pictures."""
