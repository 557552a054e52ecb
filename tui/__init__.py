"""What a person sees and types, the command line included."""
