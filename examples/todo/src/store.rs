//! The database. [`Todos`] gives access to the todos of one owner only.

use std::ffi::OsStr;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension, Row, named_params};
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::Problem;

/// `AUTOINCREMENT` prevents SQLite from reusing the id of a deleted todo.
const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS todos (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        owner TEXT NOT NULL,
        title TEXT NOT NULL,
        description TEXT,
        completed INTEGER NOT NULL DEFAULT FALSE,
        created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
        updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
    ) STRICT;
    CREATE INDEX IF NOT EXISTS todos_by_owner ON todos (owner, id);";

// Every statement contains the owner, so an id alone finds nothing.

const LIST: &str = "SELECT * FROM todos WHERE owner = :owner ORDER BY id";
const CREATE: &str = "INSERT INTO todos (owner, title, description)
    VALUES (:owner, :title, :description) RETURNING *";
const READ: &str = "SELECT * FROM todos WHERE owner = :owner AND id = :id";
const UPDATE: &str = "UPDATE todos SET title = :title, description = :description,
    completed = :completed, updated_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now')
    WHERE owner = :owner AND id = :id RETURNING *";
const TOGGLE: &str = "UPDATE todos SET completed = NOT completed,
    updated_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now')
    WHERE owner = :owner AND id = :id RETURNING *";
const DELETE: &str = "DELETE FROM todos WHERE owner = :owner AND id = :id";

/// A todo, as the API returns it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Todo {
    pub(crate) id: i64,
    title: String,
    description: Option<String>,
    completed: bool,
    /// RFC 3339, in UTC.
    created_at: String,
    updated_at: String,
}

impl TryFrom<&Row<'_>> for Todo {
    type Error = rusqlite::Error;

    fn try_from(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            title: row.get("title")?,
            description: row.get("description")?,
            completed: row.get("completed")?,
            created_at: row.get("created_at")?,
            updated_at: row.get("updated_at")?,
        })
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Store {
    connection: Arc<Mutex<Connection>>,
}

impl Store {
    /// Opens the database in this file, or in memory without a file.
    pub(crate) fn open(file: Option<&OsStr>) -> rusqlite::Result<Self> {
        let connection = match file {
            Some(file) => Connection::open(file)?,
            None => Connection::open_in_memory()?,
        };
        connection.execute_batch(SCHEMA)?;
        Ok(Self { connection: Arc::new(Mutex::new(connection)) })
    }

    pub(crate) fn of(&self, owner: &str) -> Todos {
        Todos { store: self.clone(), owner: owner.into() }
    }
}

/// The todos of one owner.
#[derive(Clone, Debug)]
pub(crate) struct Todos {
    store: Store,
    owner: Arc<str>,
}

impl Todos {
    pub(crate) async fn list(&self) -> Result<Vec<Todo>, Problem> {
        self.query(|db, owner| {
            let mut statement = db.prepare_cached(LIST)?;
            let todos =
                statement.query_map(named_params! {":owner": owner}, |row| row.try_into())?;
            todos.collect()
        })
        .await
    }

    pub(crate) async fn create(
        &self,
        title: String,
        description: Option<String>,
    ) -> Result<Todo, Problem> {
        self.query(move |db, owner| {
            db.prepare_cached(CREATE)?.query_row(
                named_params! {":owner": owner, ":title": title, ":description": description},
                |row| row.try_into(),
            )
        })
        .await
    }

    pub(crate) async fn read(&self, id: i64) -> Result<Todo, Problem> {
        self.query_one(move |db, owner| {
            db.prepare_cached(READ)?
                .query_row(named_params! {":owner": owner, ":id": id}, |row| row.try_into())
        })
        .await
    }

    pub(crate) async fn update(
        &self,
        id: i64,
        title: String,
        description: Option<String>,
        completed: bool,
    ) -> Result<Todo, Problem> {
        self.query_one(move |db, owner| {
            db.prepare_cached(UPDATE)?.query_row(
                named_params! {
                    ":owner": owner,
                    ":id": id,
                    ":title": title,
                    ":description": description,
                    ":completed": completed,
                },
                |row| row.try_into(),
            )
        })
        .await
    }

    pub(crate) async fn toggle(&self, id: i64) -> Result<Todo, Problem> {
        self.query_one(move |db, owner| {
            db.prepare_cached(TOGGLE)?
                .query_row(named_params! {":owner": owner, ":id": id}, |row| row.try_into())
        })
        .await
    }

    pub(crate) async fn delete(&self, id: i64) -> Result<(), Problem> {
        let deleted = self.query(move |db, owner| {
            db.prepare_cached(DELETE)?.execute(named_params! {":owner": owner, ":id": id})
        });
        if deleted.await? == 0 { Err(no_such_todo()) } else { Ok(()) }
    }

    /// Runs a query for one todo. A missing todo and another user's todo give the same problem.
    async fn query_one(
        &self,
        query: impl FnOnce(&Connection, &str) -> rusqlite::Result<Todo> + Send + 'static,
    ) -> Result<Todo, Problem> {
        let found = self.query(|db, owner| query(db, owner).optional()).await?;
        found.ok_or_else(no_such_todo)
    }

    /// Runs a query on a blocking thread.
    async fn query<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection, &str) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Problem> {
        let Self { store, owner } = self.clone();
        let answer = tokio::task::spawn_blocking(move || {
            // Each query is one statement, so a panic leaves no partial change behind.
            let connection = store.connection.lock().unwrap_or_else(PoisonError::into_inner);
            query(&connection, &owner)
        });
        match answer.await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(Problem::internal(&error)),
            Err(error) => Err(Problem::internal(&error)),
        }
    }
}

fn no_such_todo() -> Problem {
    Problem::not_found("todo")
}
