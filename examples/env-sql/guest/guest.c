/*
 * SQLite as an executor: one JSON request in, one JSON response out.
 *
 *   {"op": "query", "setup", "query", "entropy", "outputBytes"}
 *       -> {"ok": [[value, ...], ...]} or {"fail": {"kind", "message"}}
 *   {"op": "seal"}
 *       -> {"ok": {"sqlite": version}}, the last step of the build
 *
 * `setup` may create tables and fill them; `query` is one statement that reads. Values are null, numbers and texts. With another
 * `entropy` the clock and the random numbers start elsewhere, and rows whose order the query leaves open come the other way round.
 *
 * Covers: a database in memory, the same answer every time. There is no file system to reach: no function that could open a file is
 * linked, and the file system that SQLite is given refuses everything. Does not cover: limits of work and memory, which the module
 * that this becomes counts itself, and a clean state, which the host restores.
 */
#include <stdlib.h>
#include <string.h>
#include "sqlite3.h"

/* ------------------------------------------------------------ what an operating system would be */

static sqlite3_uint64 state;

static sqlite3_uint64 draw(void) {
  state += 0x9e3779b97f4a7c15ULL;
  sqlite3_uint64 z = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

static int no_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out) {
  file->pMethods = NULL;
  return SQLITE_CANTOPEN;
}
static int no_delete(sqlite3_vfs *vfs, const char *name, int sync) { return SQLITE_IOERR_DELETE; }
static int no_access(sqlite3_vfs *vfs, const char *name, int flags, int *out) {
  *out = 0;
  return SQLITE_OK;
}
static int full_name(sqlite3_vfs *vfs, const char *name, int length, char *out) {
  sqlite3_snprintf(length, out, "%s", name);
  return SQLITE_OK;
}
static int randomness(sqlite3_vfs *vfs, int length, char *out) {
  for (int i = 0; i < length; i++) out[i] = (char)draw();
  return length;
}
static int no_sleep(sqlite3_vfs *vfs, int microseconds) { return microseconds; }
static int clock_now(sqlite3_vfs *vfs, sqlite3_int64 *out) {
  /* Milliseconds since the beginning of the Julian calendar; some days after the year 2023 ended. */
  *out = 212570000000000LL + (sqlite3_int64)(draw() % 100000000000ULL);
  return SQLITE_OK;
}

static sqlite3_vfs nowhere = {
    .iVersion = 2,
    .szOsFile = sizeof(sqlite3_file),
    .mxPathname = 64,
    .zName = "nowhere",
    .xOpen = no_open,
    .xDelete = no_delete,
    .xAccess = no_access,
    .xFullPathname = full_name,
    .xRandomness = randomness,
    .xSleep = no_sleep,
    .xCurrentTimeInt64 = clock_now,
};

int sqlite3_os_init(void) { return sqlite3_vfs_register(&nowhere, 1); }
int sqlite3_os_end(void) { return SQLITE_OK; }

/* ----------------------------------------------------------------------------------- responses */

static void quote(sqlite3_str *out, const char *text, int length) {
  sqlite3_str_appendchar(out, 1, '"');
  for (int i = 0; i < length; i++) {
    unsigned char c = (unsigned char)text[i];
    if (c == '"' || c == '\\') sqlite3_str_appendchar(out, 1, '\\');
    if (c < 0x20) sqlite3_str_appendf(out, "\\u%04x", c);
    else sqlite3_str_appendchar(out, 1, (char)c);
  }
  sqlite3_str_appendchar(out, 1, '"');
}

/* Empties `out` and writes a failure to it. */
static void fail(sqlite3_str *out, const char *kind, const char *message) {
  sqlite3_str_reset(out);
  int length = (int)strlen(message);
  sqlite3_str_appendf(out, "{\"fail\":{\"kind\":\"%s\",\"message\":", kind);
  quote(out, message, length > 200 ? 200 : length);
  sqlite3_str_appendall(out, "}}");
}

static void fail_by(sqlite3_str *out, sqlite3 *db, int code) {
  if (code == SQLITE_NOMEM) fail(out, "memory", "out of memory");
  else if (code == SQLITE_AUTH) fail(out, "denied", sqlite3_errmsg(db));
  else fail(out, "sql", sqlite3_errmsg(db));
}

/* ---------------------------------------------------------------------------------- the request */

/* What a statement may do. `reading` points to whether it is the query. */
static int authorize(void *reading, int action, const char *a, const char *b, const char *c, const char *d) {
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_FUNCTION:
    case SQLITE_RECURSIVE:
      return SQLITE_OK;
    case SQLITE_INSERT:
    case SQLITE_UPDATE:
    case SQLITE_DELETE:
    case SQLITE_CREATE_TABLE:
    case SQLITE_CREATE_INDEX:
    case SQLITE_CREATE_VIEW:
    case SQLITE_REINDEX:
    case SQLITE_TRANSACTION:
      return *(int *)reading ? SQLITE_DENY : SQLITE_OK;
    default:
      return SQLITE_DENY;
  }
}

static int write_row(sqlite3_str *out, sqlite3_stmt *statement) {
  for (int i = 0; i < sqlite3_column_count(statement); i++) {
    if (i > 0) sqlite3_str_appendchar(out, 1, ',');
    switch (sqlite3_column_type(statement, i)) {
      case SQLITE_NULL:
        sqlite3_str_appendall(out, "null");
        break;
      case SQLITE_INTEGER: {
        sqlite3_int64 value = sqlite3_column_int64(statement, i);
        if (value > 9007199254740991LL || value < -9007199254740991LL) return 0;
        sqlite3_str_appendf(out, "%lld", value);
        break;
      }
      case SQLITE_FLOAT: {
        double value = sqlite3_column_double(statement, i);
        if (value - value != 0) return 0;
        sqlite3_str_appendf(out, "%!.17g", value);
        break;
      }
      case SQLITE_TEXT: {
        const char *text = (const char *)sqlite3_column_text(statement, i);
        if (text == NULL) return 0;
        quote(out, text, sqlite3_column_bytes(statement, i));
        break;
      }
      default:
        return 0;
    }
  }
  return 1;
}

static void answer_rows(sqlite3_str *out, sqlite3 *db, sqlite3_stmt *statement, int limit) {
  int code;
  sqlite3_str_appendall(out, "{\"ok\":[");
  for (int rows = 0; (code = sqlite3_step(statement)) == SQLITE_ROW; rows++) {
    sqlite3_str_appendall(out, rows > 0 ? ",[" : "[");
    if (!write_row(out, statement)) return fail(out, "unrepresentable", "a blob, or a number that is no double");
    sqlite3_str_appendchar(out, 1, ']');
    if (sqlite3_str_length(out) > limit) return fail(out, "output", "the result is too long");
  }
  if (code != SQLITE_DONE) return fail_by(out, db, code);
  sqlite3_str_appendall(out, "]}");
}

static int is_blank(const char *text) {
  while (*text == ' ' || *text == '\n' || *text == '\r' || *text == '\t' || *text == ';') text++;
  return *text == 0;
}

static void answer_query(sqlite3_str *out, const char *setup, const char *query, int entropy, int limit) {
  sqlite3 *db;
  sqlite3_stmt *statement;
  const char *rest;
  int reading = 0;
  state = (sqlite3_uint64)entropy;
  sqlite3_randomness(0, NULL);
  int code = sqlite3_open_v2(":memory:", &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
  if (code != SQLITE_OK) return fail_by(out, db, code);
  if (entropy != 0) sqlite3_exec(db, "PRAGMA reverse_unordered_selects = ON", NULL, NULL, NULL);
  sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
  sqlite3_set_authorizer(db, authorize, &reading);
  code = sqlite3_exec(db, setup, NULL, NULL, NULL);
  if (code != SQLITE_OK) return fail_by(out, db, code);
  reading = 1;
  code = sqlite3_prepare_v2(db, query, -1, &statement, &rest);
  if (code != SQLITE_OK) return fail_by(out, db, code);
  if (statement == NULL || !is_blank(rest)) return fail(out, "denied", "expected one statement");
  if (sqlite3_column_count(statement) == 0 || !sqlite3_stmt_readonly(statement) || sqlite3_stmt_isexplain(statement)) {
    return fail(out, "denied", "expected a statement that reads rows");
  }
  answer_rows(out, db, statement, limit);
}

static void answer_request(sqlite3_str *out, const char *request, int length) {
  sqlite3 *db;
  sqlite3_stmt *fields;
  const char *read = "SELECT json_extract(?1, '$.op'), json_extract(?1, '$.setup'), json_extract(?1, '$.query'),"
                     " json_extract(?1, '$.entropy'), json_extract(?1, '$.outputBytes')";
  if (sqlite3_open_v2(":memory:", &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK ||
      sqlite3_prepare_v2(db, read, -1, &fields, NULL) != SQLITE_OK ||
      sqlite3_bind_text(fields, 1, request, length, SQLITE_STATIC) != SQLITE_OK ||
      sqlite3_step(fields) != SQLITE_ROW) {
    return fail(out, "request", sqlite3_errmsg(db));
  }
  const char *op = (const char *)sqlite3_column_text(fields, 0);
  const char *setup = (const char *)sqlite3_column_text(fields, 1);
  const char *query = (const char *)sqlite3_column_text(fields, 2);
  if (op != NULL && strcmp(op, "query") == 0 && setup != NULL && query != NULL) {
    answer_query(out, setup, query, sqlite3_column_int(fields, 3), sqlite3_column_int(fields, 4));
  } else if (op != NULL && strcmp(op, "seal") == 0) {
    answer_query(out, "CREATE TABLE t(a INTEGER, b TEXT); INSERT INTO t VALUES (1, 'x'), (2, NULL)",
                 "SELECT b, count(*), sum(a) FROM t GROUP BY b ORDER BY 1", 0, 1000);
    sqlite3_str_reset(out);
    sqlite3_str_appendf(out, "{\"ok\":{\"sqlite\":\"%s\"}}", sqlite3_libversion());
    sqlite3_finalize(fields);
    sqlite3_close(db);
  } else {
    fail(out, "request", "no such operation");
  }
}

/* ---------------------------------------------------------------------------- the component's ABI */

static struct {
  const char *text;
  int length;
} result;

__attribute__((export_name("run"))) void *run(char *request, int length) {
  sqlite3_str *out = sqlite3_str_new(NULL);
  answer_request(out, request, length);
  if (sqlite3_str_errcode(out) != SQLITE_OK) fail(out, "memory", "out of memory");
  result.length = sqlite3_str_length(out);
  result.text = sqlite3_str_finish(out);
  return &result;
}

__attribute__((export_name("cabi_realloc"))) void *cabi_realloc(void *old, int old_size, int alignment, int size) {
  void *block = realloc(old, (size_t)size);
  if (block == NULL) __builtin_trap();
  return block;
}

/* The host restores the whole memory; nothing has to be freed. */
__attribute__((export_name("cabi_post_run"))) void cabi_post_run(void *returned) {}
