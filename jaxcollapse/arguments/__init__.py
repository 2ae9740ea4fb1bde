"""What users may write, and what is made of it: types, numbers, checks, names that are nearly right."""
