//! Documents, tables and pages.
