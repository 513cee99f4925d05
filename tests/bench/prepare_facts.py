"""Who logs in to a prepared database; apart, because preparing needs gevent and measuring must not."""

EMAIL, PASSWORD = "bench@example.com", "bench bench bench"
