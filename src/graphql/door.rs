//! The door: from a prepared request to a finished answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_graphql::parser::types::{DocumentOperations, OperationType};
use async_graphql::{Response, ServerError, Value};
use futures_util::StreamExt as _;
use serde::Serialize;

use super::batch::{self, Queue};
use super::columns::columns_read;
use super::documents::Documents;
use super::error::{code, finish, request_error, server_error};
use super::limits::Limits;
use super::options::Options;
use super::outline::Outline;
use super::request::{Parameters, Prepared};
use super::response::Plan;
use super::schema::{Schema, schema, sdl};
use super::scope::Scope;
use super::subscription::Occasion;
use crate::config::HttpLimits;
use crate::domain::columns::Columns;
use crate::metrics::{Kind, Operation, Outcome};
use crate::service::{Caller, Ctx, Place, Registry, Witness};

/// Everything that answering takes. Cheap to clone; one per process.
#[derive(Clone)]
pub struct Door(Arc<Parts>);

struct Parts {
    registry: Registry,
    schema: Schema,
    sdl: Option<String>,
    outline: Outline,
    documents: Documents,
    limits: Arc<HttpLimits>,
}

/// Who asks, and under which id it is logged.
#[derive(Clone)]
pub struct Asker {
    /// Who is asking.
    pub caller: Caller,
    /// The id of the request.
    pub request_id: Option<String>,
    /// Who is to be told what is looked at.
    pub witness: Option<Witness>,
}

impl Asker {
    /// Somebody who asks, without a witness.
    #[must_use]
    pub fn new(caller: Caller, request_id: Option<String>) -> Self {
        Self { caller, request_id, witness: None }
    }
}

/// The answer to one operation.
#[derive(Debug, Serialize)]
pub struct Answer {
    /// What was asked for; absent when the operation was not run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
    /// What went wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ServerError>,
}

impl Answer {
    /// The answer to an operation that is not run.
    pub fn refused(error: ServerError) -> Self {
        Self { data: None, errors: vec![error] }
    }
}

impl Door {
    /// The door to a registry.
    pub fn new(registry: Registry, limits: Arc<HttpLimits>, options: Options) -> Self {
        let sdl = sdl();
        Self(Arc::new(Parts {
            registry,
            schema: schema(&options),
            outline: options.outline(&sdl),
            sdl: options.introspection.then_some(sdl),
            documents: Documents::new(options.listed, &limits.graphql),
            limits,
        }))
    }

    /// The limits of a GraphQL request.
    pub fn limits(&self) -> &Limits {
        &self.0.limits.graphql
    }

    /// The limits of any request.
    pub fn http_limits(&self) -> &HttpLimits {
        &self.0.limits
    }

    /// The schema in the schema definition language; none when it cannot be asked for.
    pub fn sdl(&self) -> Option<&str> {
        self.0.sdl.as_deref()
    }

    /// Answers one request.
    pub async fn answer(&self, parameters: Parameters<'_>, asker: Asker) -> Answer {
        // Nothing is done for a request that finds no place.
        let place = match self.admit(&asker.caller).await {
            Ok(place) => place,
            Err(error) => return self.refused(error),
        };
        match self.prepare(parameters) {
            Ok(prepared) => self.run(prepared, asker, place).await,
            Err(error) => self.refused(error),
        }
    }

    /// A query or mutation that is within the limits and can be run.
    ///
    /// # Errors
    /// When it cannot; and for subscriptions, which have more than one answer.
    pub fn prepare(&self, parameters: Parameters<'_>) -> Result<Prepared, ServerError> {
        let prepared = self.prepare_any(parameters)?;
        if prepared.operation_type() == Some(OperationType::Subscription) {
            let message = "Subscriptions are spoken over the WebSocket at /graphql/ws";
            return Err(request_error(code::BAD_USER_INPUT, message));
        }
        Ok(prepared)
    }

    /// A request of any kind that is within the limits and can be run.
    ///
    /// # Errors
    /// When it cannot.
    pub fn prepare_any(&self, parameters: Parameters<'_>) -> Result<Prepared, ServerError> {
        parameters.prepare(&self.0.documents, &self.0.outline, self.limits())
    }

    /// The registry behind the door.
    pub fn registry(&self) -> &Registry {
        &self.0.registry
    }

    /// Counts an operation for who asks for it.
    ///
    /// # Errors
    /// When that is too often.
    pub fn count(&self, caller: &Caller) -> Result<(), ServerError> {
        self.0.registry.rates().count_request(caller).map_err(server_error)
    }

    /// Counts an operation for who asks for it, and gives it a place among those that run.
    ///
    /// # Errors
    /// When that is too often, or no place becomes free in time.
    pub async fn admit(&self, caller: &Caller) -> Result<Place, ServerError> {
        self.count(caller)?;
        self.0.registry.places().read().await.map_err(server_error)
    }

    /// Runs a query on the place that it was given; a mutation on one among those who write.
    pub async fn run(&self, prepared: Prepared, asker: Asker, place: Place) -> Answer {
        let place = match prepared.operation_type() {
            Some(OperationType::Mutation) => {
                drop(place);
                match self.0.registry.places().write().await.map_err(server_error) {
                    Ok(place) => place,
                    Err(error) => return self.refused(error),
                }
            }
            _ => place,
        };
        // Room for what running takes is found now: most who wait for a place under a crowd, and who are told from memory, do without.
        let answer = Box::pin(self.run_on(prepared, asker, None)).await;
        drop(place);
        answer
    }

    /// The answer to an operation that is not run.
    pub fn refused(&self, error: ServerError) -> Answer {
        let metrics = self.0.registry.metrics();
        let unknown = metrics.operation(Kind::None, None, false);
        metrics.operations().answered(&unknown, Outcome::Refused, Duration::ZERO);
        Answer::refused(error)
    }

    /// What an operation is among the figures.
    pub fn counted_as(&self, prepared: &Prepared, caller: &Caller) -> Operation {
        let kind = match prepared.operation_type() {
            Some(OperationType::Query) => Kind::Query,
            Some(OperationType::Mutation) => Kind::Mutation,
            Some(OperationType::Subscription) => Kind::Subscription,
            None => Kind::None,
        };
        self.0.registry.metrics().operation(kind, prepared.operation_name.as_deref(), caller.is_ok())
    }

    /// Runs a request; a subscription on an occasion.
    pub async fn run_on(&self, prepared: Prepared, asker: Asker, occasion: Option<Arc<Occasion>>) -> Answer {
        let (operation, begun) = (self.counted_as(&prepared, &asker.caller), Instant::now());
        let answer = self.run_uncounted(prepared, asker, occasion).await;
        let outcome = if answer.errors.is_empty() { Outcome::Ok } else { Outcome::Errors };
        self.0.registry.metrics().operations().answered(&operation, outcome, begun.elapsed());
        answer
    }

    async fn run_uncounted(
        &self,
        prepared: Prepared,
        asker: Asker,
        occasion: Option<Arc<Occasion>>,
    ) -> Answer {
        let limits = &self.0.limits;
        let limit = if prepared.is_transfer() { limits.transfer_timeout } else { limits.request_timeout };
        let (plan, columns) = match &prepared.operation() {
            Some(operation) => (
                Plan::of(&prepared.document, operation, &self.0.outline),
                columns_read(&prepared.document, operation, &self.0.outline),
            ),
            None => (Plan::default(), Columns::all()),
        };
        let Asker { caller, request_id, witness } = asker;
        let ctx = self.0.registry.context_of_request(caller, request_id.as_deref(), witness);
        let ctx = ctx.reading_as_one().reading(columns);
        let Some(response) = self.execute(prepared, ctx, occasion, limit).await else {
            let message = format!("The operation took longer than {} s", limit.as_secs());
            return Answer { data: Some(Value::Null), errors: vec![request_error(code::TIMEOUT, message)] };
        };
        let mut errors = response.errors;
        // Only what was run has a path; what the library refuses before has none.
        let refused = !errors.is_empty() && errors.iter().all(|error| error.path.is_empty());
        let data = (!refused).then(|| plan.complete(response.data, &errors));
        finish(&mut errors, self.limits().errors, request_id.as_deref());
        Answer { data, errors }
    }

    /// The library's own answer; none when it took too long.
    async fn execute(
        &self,
        prepared: Prepared,
        ctx: Ctx,
        occasion: Option<Arc<Occasion>>,
        limit: Duration,
    ) -> Option<Response> {
        let queue = Queue::default();
        let scope = Arc::new(Scope::new(ctx, queue.clone(), self.limits().complexity));
        let named = matches!(prepared.document.operations, DocumentOperations::Multiple(_));
        // The library asks for the text again only to parse it.
        let mut request =
            async_graphql::Request::new(String::new()).variables(prepared.variables).data(scope);
        request.operation_name = prepared.operation_name.filter(|_| named);
        request.set_parsed_query(Arc::unwrap_or_clone(prepared.document));
        let schema = &self.0.schema;
        let execution = async {
            match occasion {
                None => schema.execute(request).await,
                // A stream of one answer, or of none.
                Some(occasion) => {
                    schema.execute_stream(request.data(occasion)).next().await.unwrap_or_default()
                }
            }
        };
        tokio::time::timeout(limit, batch::run(execution, queue)).await.ok()
    }
}
