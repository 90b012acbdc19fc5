-- What content_generator needs of PromptContent on PostgreSQL beside its documents. After constraints.sql; may be run again at any time.

-- What was last written for a campaign.
CREATE INDEX IF NOT EXISTS logs_campanas_campaign ON content.logs_campanas ((document ->> 'id_campana'), (document ->> 'fecha'));

-- A group role that its login is a member of: reads the creative side, counts uses of plans, saves content versions, appends records.
-- It deletes nothing and moves no id.
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'promptsales_content') THEN
    CREATE ROLE promptsales_content NOLOGIN;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
  NULL;  -- roles belong to the whole server: another database was a moment faster
END $$;
GRANT USAGE ON SCHEMA content, tracking TO promptsales_content;
GRANT SELECT (id, document, changed_xid) ON content.imagenes TO promptsales_content;
GRANT SELECT (id, document), UPDATE (document) ON content.campanas, content.clientes TO promptsales_content;
GRANT SELECT (id, document), INSERT (id, document) ON content.logs_campanas TO promptsales_content;
GRANT SELECT (id), INSERT (id, document) ON content.bitacora_solicitudes TO promptsales_content;
GRANT SELECT ON tracking.deleted_rows, tracking.truncations TO promptsales_content;
