"""An imitation of the Codat API (Sync for Commerce) for people who cannot reach the real one."""
