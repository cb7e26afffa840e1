//! Reading a trace, a batch of lines at a time.

use std::io::{BufRead, Cursor, Read};

use super::Batch;
use crate::workload::WorkloadError;
use crate::workload::trace::builder::head;
use crate::workload::trace::formats::LineFormat;
use crate::workload::trace::session::TraceKind;

/// Requests of a batch.
const BATCH: usize = 1024;

/// A file of one request a line, being read.
#[derive(Debug)]
pub struct TraceStream<R> {
    name: String,
    reader: std::io::Chain<Cursor<Vec<u8>>, R>,
    format: LineFormat,
    line: u64,
    text: Vec<u8>,
    is_empty: bool,
}

/// Why a stream ends before its file.
#[derive(Debug)]
pub enum StreamEnd {
    /// Something is wrong with the file.
    Broken(WorkloadError),
    /// Requests belong to conversations, so that what a line means depends on later ones: the file
    /// is to be read as a whole.
    Conversations,
}

impl From<WorkloadError> for StreamEnd {
    fn from(error: WorkloadError) -> Self {
        Self::Broken(error)
    }
}

impl<R: BufRead> TraceStream<R> {
    /// Begins to read a file; none if it is to be read as a whole, as far as its beginning tells.
    /// The name is used in messages.
    pub fn open(name: &str, mut reader: R) -> Result<Option<Self>, WorkloadError> {
        let (head, kind) = head(name, &mut reader)?;
        let key = b"\"session_id\"";
        let has_conversations = head.windows(key.len()).any(|text| text == key);
        let Some(format) = LineFormat::of(kind).filter(|_| !has_conversations) else {
            return Ok(None);
        };
        let reader = Cursor::new(head).chain(reader);
        let (name, text) = (name.to_owned(), Vec::new());
        Ok(Some(Self { name, reader, format, line: 0, text, is_empty: true }))
    }

    /// Its format.
    pub fn kind(&self) -> TraceKind {
        self.format.kind()
    }

    /// Tokens in a page; `None` if the trace has no pages.
    pub fn page_tokens(&self) -> Option<u32> {
        self.format.page_tokens()
    }

    /// The next requests; none at the end of the file.
    pub fn next_batch(&mut self) -> Result<Option<Batch>, StreamEnd> {
        let page_tokens = self.format.page_tokens();
        let mut batch = Batch::default();
        while batch.len() < BATCH {
            self.text.clear();
            let read = self.reader.read_until(b'\n', &mut self.text);
            let file = || self.name.clone();
            if read.map_err(|source| WorkloadError::Read { file: file(), source })? == 0 {
                break;
            }
            self.line += 1;
            if let Some(record) = self.format.read(&self.name, self.line, &self.text)? {
                if record.conversation.is_some() {
                    return Err(StreamEnd::Conversations);
                }
                batch.push(&record, page_tokens);
            }
        }
        if batch.is_empty() && self.is_empty {
            return Err(WorkloadError::Empty { file: self.name.clone() }.into());
        }
        self.is_empty = false;
        Ok(Some(batch).filter(|batch| !batch.is_empty()))
    }
}
