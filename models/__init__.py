"""What is computed from pixels: arrays in, values out; no SQL, no screen."""
