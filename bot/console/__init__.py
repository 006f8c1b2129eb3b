"""The live console of a server: one supervised websocket to its node, shared by all who listen."""
