"""Who may call what: API keys and the scopes that they grant."""
