"""What earlier modules gave, filled into the fields of the next one."""
