"""What is remembered, matched, grouped, decided and done to files; no screen."""
