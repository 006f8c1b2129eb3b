"""The slash commands: each reads its arguments, asks one service and renders the answer."""
