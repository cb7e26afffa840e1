//! memwall for Python: command lines in, JSON out, without the interpreter's lock.
//!
//! The Python side (`memwall/__init__.py`) makes command lines of keyword arguments and dicts of
//! JSON, so that there is one definition of what a flag means.

use std::path::PathBuf;

use memwall::cli::{Job, execute};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// Runs a command line; the text that it prints.
#[pyfunction]
fn command(py: Python<'_>, words: Vec<String>) -> PyResult<String> {
    let end = py.detach(|| execute(&words));
    end.map(|(_, printed)| printed).map_err(PyValueError::new_err)
}

/// A sweep that can be computed in parts, anywhere and in any order.
#[pyclass(frozen)]
struct Sweep {
    job: Job,
}

#[pymethods]
impl Sweep {
    /// Reads a sweep's TOML; `file` names it in messages.
    #[new]
    #[pyo3(signature = (text, file = "sweep.toml", specs = None))]
    fn new(py: Python<'_>, text: &str, file: &str, specs: Option<PathBuf>) -> PyResult<Self> {
        let job = py.detach(|| Job::parse(file, text, specs));
        job.map(|job| Self { job }).map_err(PyValueError::new_err)
    }

    /// Its name.
    #[getter]
    fn name(&self) -> &str {
        self.job.name()
    }

    /// How many points it has.
    #[getter]
    fn points(&self) -> u64 {
        self.job.points()
    }

    /// How many parts they fill.
    #[getter]
    fn parts(&self) -> u64 {
        self.job.parts()
    }

    /// Computes a part: the bytes of its Parquet file.
    fn part<'py>(&self, py: Python<'py>, number: u64) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = py.detach(|| self.job.part(number)).map_err(PyValueError::new_err)?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// The parts that the folder `out` lacks.
    fn missing(&self, out: PathBuf) -> PyResult<Vec<u64>> {
        self.job.missing(&out).map_err(PyValueError::new_err)
    }

    /// Keeps the bytes of a part in the folder `out`.
    fn keep(&self, py: Python<'_>, out: PathBuf, number: u64, bytes: &[u8]) -> PyResult<()> {
        py.detach(|| self.job.keep(&out, number, bytes)).map_err(PyValueError::new_err)
    }

    /// Marks the folder `out` as complete, if it is.
    fn finish(&self, out: PathBuf) -> PyResult<()> {
        self.job.finish(&out).map_err(PyValueError::new_err)
    }
}

#[pymodule]
fn _memwall(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(command, module)?)?;
    module.add_class::<Sweep>()?;
    module.add("__version__", env!("CARGO_PKG_VERSION"))
}
