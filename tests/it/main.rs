//! The suite: the program as its callers meet it, on SQLite and on PostgreSQL. One binary, one file a question.

#![cfg(test)]

mod attacks;
mod browsers;
mod crash;
mod grants;
mod graphql_answers;
mod graphql_documents;
mod graphql_errors;
mod graphql_http;
mod graphql_pages;
mod graphql_subscriptions;
mod graphql_upload;
mod graphql_writes;
mod grid;
mod layering;
mod leaks;
mod logs;
mod migrations;
mod node;
mod parity;
mod playground;
mod provider;
mod python_client;
mod query_count;
mod query_plan;
mod rate_limits;
mod readiness;
mod rest_answer;
mod rest_browsing;
mod rest_errors;
mod rest_import_export;
mod rest_lookup;
mod rest_self_service;
mod rest_writes;
mod round_trip;
mod search;
mod secrets;
mod slow_clients;
mod stats;
mod support;
mod write_conditions;
mod write_grants;
mod write_model;
mod write_races;
mod write_siblings;
