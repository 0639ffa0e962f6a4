"""What we add to the start of a Saleor process and to the memory it keeps. Run by
`inside_saleor.launch` in Saleor's own environment."""
