"""One slash-command group per module: read the arguments, call one service, render the answer."""
