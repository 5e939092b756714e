"""The second style of a town: farmyards, barns, rows and blocks among fields, orchards, courts and car parks."""
