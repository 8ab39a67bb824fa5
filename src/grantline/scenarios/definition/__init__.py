"""What a scenario is, as a person builds it: values, their file, and what is wrong with them."""
