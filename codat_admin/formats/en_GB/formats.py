"""The admin's dates, in the panel's manner: the day before the month in words, 24 hours."""

DATE_FORMAT = "j M Y"
TIME_FORMAT = "H:i:s"
DATETIME_FORMAT = "j M Y, H:i:s"
