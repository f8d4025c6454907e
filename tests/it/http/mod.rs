//! What arrives and what is answered, over the layer and over real servers.
