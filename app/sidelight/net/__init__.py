"""The one HTTP client: deadlines, caps, TLS, proxies, redirects. Bytes only; knows no backend."""
