//! The handlers. The layers in `auth` have authenticated and authorized the user.

use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequest, FromRequestParts, Path};
use axum::http::header::LOCATION;
use axum::http::request::Parts;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json, RequestPartsExt};
use serde::Deserialize;
use tower_jwt_auth::Verified;
use tower_jwt_auth::provider::better_auth::User;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::openapi;
use crate::problem::Problem;
use crate::revoked::Revoked;
use crate::store::{Store, Todo, Todos};

const TITLE_LIMIT: usize = 200;
const DESCRIPTION_LIMIT: usize = 1000;

/// The routes of the todos, whose path has the user.
pub(crate) fn tasks() -> OpenApiRouter<Store> {
    OpenApiRouter::with_openapi(openapi::document())
        .routes(routes!(list, create))
        .routes(routes!(read, update, delete))
        .routes(routes!(toggle))
}

/// The other routes of a user.
pub(crate) fn account() -> OpenApiRouter<Store> {
    OpenApiRouter::with_openapi(openapi::document()).routes(routes!(sign_out_everywhere))
}

/// The body that creates a todo.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewTodo {
    #[schema(min_length = 1, max_length = 200)]
    title: String,
    #[schema(max_length = 1000)]
    description: Option<String>,
}

/// The body that replaces a todo.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangedTodo {
    #[schema(min_length = 1, max_length = 200)]
    title: String,
    #[schema(max_length = 1000)]
    description: Option<String>,
    completed: bool,
}

/// All todos of the user, the oldest first.
#[utoipa::path(
    get, path = "/api/{user_id}/tasks",
    params(("user_id" = String, Path, description = "The token's `sub`")),
    responses((status = 200, description = "The todos", body = Vec<Todo>)),
)]
async fn list(todos: Todos) -> Result<Json<Vec<Todo>>, Problem> {
    Ok(Json(todos.list().await?))
}

/// Creates a todo.
#[utoipa::path(
    post, path = "/api/{user_id}/tasks", request_body = NewTodo,
    params(("user_id" = String, Path, description = "The token's `sub`")),
    responses(
        (status = 201, description = "The new todo", body = Todo, headers(("Location" = String))),
        (status = 400, description = "The body is not JSON"),
        (status = 422, description = "The title or the description is invalid"),
    ),
)]
async fn create(todos: Todos, uri: Uri, Body(new): Body<NewTodo>) -> Result<Response, Problem> {
    let (title, description) = checked(&new.title, new.description)?;
    let todo = todos.create(title, description).await?;
    let location = format!("{}/{}", uri.path(), todo.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(todo)).into_response())
}

/// One todo.
#[utoipa::path(
    get, path = "/api/{user_id}/tasks/{id}",
    params(("user_id" = String, Path, description = "The token's `sub`"), ("id" = i64, Path)),
    responses(
        (status = 200, description = "The todo", body = Todo),
        (status = 404, description = "The user has no such todo"),
    ),
)]
async fn read(todos: Todos, Id(id): Id) -> Result<Json<Todo>, Problem> {
    Ok(Json(todos.read(id).await?))
}

/// Changes a todo.
#[utoipa::path(
    put, path = "/api/{user_id}/tasks/{id}", request_body = ChangedTodo,
    params(("user_id" = String, Path, description = "The token's `sub`"), ("id" = i64, Path)),
    responses(
        (status = 200, description = "The changed todo", body = Todo),
        (status = 404, description = "The user has no such todo"),
        (status = 400, description = "The body is not JSON"),
        (status = 422, description = "The title or the description is invalid"),
    ),
)]
async fn update(
    todos: Todos,
    Id(id): Id,
    Body(new): Body<ChangedTodo>,
) -> Result<Json<Todo>, Problem> {
    let (title, description) = checked(&new.title, new.description)?;
    Ok(Json(todos.update(id, title, description, new.completed).await?))
}

/// Deletes a todo.
#[utoipa::path(
    delete, path = "/api/{user_id}/tasks/{id}",
    params(("user_id" = String, Path, description = "The token's `sub`"), ("id" = i64, Path)),
    responses(
        (status = 204, description = "The todo was deleted"),
        (status = 404, description = "The user has no such todo"),
    ),
)]
async fn delete(todos: Todos, Id(id): Id) -> Result<StatusCode, Problem> {
    todos.delete(id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Completes a todo, or opens it again.
#[utoipa::path(
    patch, path = "/api/{user_id}/tasks/{id}/complete",
    params(("user_id" = String, Path, description = "The token's `sub`"), ("id" = i64, Path)),
    responses(
        (status = 200, description = "The changed todo", body = Todo),
        (status = 404, description = "The user has no such todo"),
    ),
)]
async fn toggle(todos: Todos, Id(id): Id) -> Result<Json<Todo>, Problem> {
    Ok(Json(todos.toggle(id).await?))
}

/// Rejects all tokens of the user that were issued until now, on every server.
#[utoipa::path(
    post, path = "/sign-out-everywhere",
    responses((status = 204, description = "The tokens are rejected")),
)]
async fn sign_out_everywhere(
    user: Verified<User>,
    Extension(revoked): Extension<Revoked>,
) -> Result<StatusCode, Problem> {
    revoked.sign_out_everywhere(&user).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn checked(title: &str, description: Option<String>) -> Result<(String, Option<String>), Problem> {
    let title = title.trim();
    if title.is_empty() {
        return Err(Problem::invalid("`title` is empty"));
    }
    if title.chars().count() > TITLE_LIMIT {
        return Err(Problem::invalid(format!("`title` has more than {TITLE_LIMIT} characters")));
    }
    if description.as_ref().is_some_and(|text| text.chars().count() > DESCRIPTION_LIMIT) {
        let detail = format!("`description` has more than {DESCRIPTION_LIMIT} characters");
        return Err(Problem::invalid(detail));
    }
    Ok((title.to_owned(), description))
}

/// A JSON body. The rejection is a problem document.
#[derive(FromRequest)]
#[from_request(via(Json), rejection(Problem))]
struct Body<T>(T);

/// The id of the todo in the path.
struct Id(i64);

impl FromRequestParts<Store> for Id {
    type Rejection = Problem;

    /// An id that is not a number gets 404, like an unknown id.
    async fn from_request_parts(parts: &mut Parts, _: &Store) -> Result<Self, Problem> {
        let path: Result<Path<(String, i64)>, PathRejection> = parts.extract().await;
        path.map(|Path((_, id))| Self(id)).map_err(|_| Problem::not_found("todo"))
    }
}
