//! The console: pages made on the server, one file per place. A page is a function from values to text.
