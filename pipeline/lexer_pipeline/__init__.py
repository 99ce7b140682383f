"""Turn any export into records that Lexer accepts, and send them so that nothing is lost or doubled."""
