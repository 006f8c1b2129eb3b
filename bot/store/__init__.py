"""The database: what guilds, panels, linked servers, grants and relays exist."""
