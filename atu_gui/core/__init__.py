"""Values, configuration, events, errors and ports. No torch, no Qt, no database."""
