"""Our object types, one module per thing people ask about."""
