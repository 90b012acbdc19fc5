-- PromptContent on PostgreSQL: each collection of the document database is a table of documents with the customer's names.
-- tracking.sql comes first; keys are in constraints.sql, after a bulk fill.
CREATE SCHEMA content;

CREATE TABLE content.imagenes              (id text NOT NULL, document jsonb NOT NULL, changed_xid xid8 NOT NULL DEFAULT pg_current_xact_id());
CREATE TABLE content.campanas              (id text NOT NULL, document jsonb NOT NULL, changed_xid xid8 NOT NULL DEFAULT pg_current_xact_id());
CREATE TABLE content.clientes              (id text NOT NULL, document jsonb NOT NULL, changed_xid xid8 NOT NULL DEFAULT pg_current_xact_id());
CREATE TABLE content.logs_campanas         (id text NOT NULL, document jsonb NOT NULL, changed_xid xid8 NOT NULL DEFAULT pg_current_xact_id());
CREATE TABLE content.bitacora_solicitudes  (id text NOT NULL, document jsonb NOT NULL, changed_xid xid8 NOT NULL DEFAULT pg_current_xact_id());
CREATE TABLE content.servicios_terceros    (id text NOT NULL, document jsonb NOT NULL, changed_xid xid8 NOT NULL DEFAULT pg_current_xact_id());
CREATE TABLE content.mcp_servers           (id text NOT NULL, document jsonb NOT NULL, changed_xid xid8 NOT NULL DEFAULT pg_current_xact_id());
CREATE TABLE content.credenciales_cifradas (id text NOT NULL, document jsonb NOT NULL, changed_xid xid8 NOT NULL DEFAULT pg_current_xact_id());
