//! The database. Nobody gets at todos but by way of [`Todos`], which are one owner's.

use std::ffi::OsStr;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension, Row, named_params};
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::Problem;

/// `AUTOINCREMENT`: the id of a todo that was deleted never comes to mean another one.
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

/// Every one of these has the owner in it: an id alone finds nothing.
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

/// A todo, as its owner sees it.
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
    /// In this file; without one, in memory and gone at the end.
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

/// The todos of one owner. There are no others in here.
#[derive(Clone, Debug)]
pub(crate) struct Todos {
    store: Store,
    owner: Arc<str>,
}

impl Todos {
    pub(crate) async fn list(&self) -> Result<Vec<Todo>, Problem> {
        self.ask(|db, owner| {
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
        self.ask(move |db, owner| {
            db.prepare_cached(CREATE)?.query_row(
                named_params! {":owner": owner, ":title": title, ":description": description},
                |row| row.try_into(),
            )
        })
        .await
    }

    pub(crate) async fn read(&self, id: i64) -> Result<Todo, Problem> {
        self.ask_for_one(move |db, owner| {
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
        self.ask_for_one(move |db, owner| {
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
        self.ask_for_one(move |db, owner| {
            db.prepare_cached(TOGGLE)?
                .query_row(named_params! {":owner": owner, ":id": id}, |row| row.try_into())
        })
        .await
    }

    pub(crate) async fn delete(&self, id: i64) -> Result<(), Problem> {
        let deleted = self.ask(move |db, owner| {
            db.prepare_cached(DELETE)?.execute(named_params! {":owner": owner, ":id": id})
        });
        if deleted.await? == 0 { Err(no_such_todo()) } else { Ok(()) }
    }

    /// Asks for a todo that may not be there, or may be somebody else's: to the owner it is the same.
    async fn ask_for_one(
        &self,
        question: impl FnOnce(&Connection, &str) -> rusqlite::Result<Todo> + Send + 'static,
    ) -> Result<Todo, Problem> {
        let found = self.ask(|db, owner| question(db, owner).optional()).await?;
        found.ok_or_else(no_such_todo)
    }

    /// Asks off the threads that serve: the database blocks.
    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Connection, &str) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Problem> {
        let Self { store, owner } = self.clone();
        let answer = tokio::task::spawn_blocking(move || {
            // A question that panicked has left nothing half done: each is one statement.
            let connection = store.connection.lock().unwrap_or_else(PoisonError::into_inner);
            question(&connection, &owner)
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
