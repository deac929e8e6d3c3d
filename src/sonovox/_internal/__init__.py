"""What every other package stands on: errors, argument checks, optional imports, crash-safe files."""
