//! The suite: the program as its callers meet it, on SQLite and on PostgreSQL. One binary, one file a question.

mod layering;
