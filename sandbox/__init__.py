"""Stand-ins of a panel with its Wings node and of Discord, on real sockets: for tests, benchmarks and the demo."""
