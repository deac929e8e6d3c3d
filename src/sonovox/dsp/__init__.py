"""Pure tensor maths on sound: one feature a file. `sonovox.functional` and `sonovox.transforms` show it all."""
