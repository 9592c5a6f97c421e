//! Reading YAML with places: spanned values, diagnostics, and their rendering with the source line.
//! The only room that knows the YAML library.
