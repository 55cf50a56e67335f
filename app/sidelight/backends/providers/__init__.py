"""One file a provider, strangers to each other; `registry` names them."""
