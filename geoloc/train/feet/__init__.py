"""The foot head: clicks in synthetic towns seen from eye level, and its fit."""
