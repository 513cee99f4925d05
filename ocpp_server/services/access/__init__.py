"""Who may use the portal and the API."""
