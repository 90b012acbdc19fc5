-- Business question: who gave whom which role, and who was shut out?
-- Shows: triggers (after a statement, with transition tables: one line a person, however many one UPDATE changes). Used by: access.audit, beside the lines
-- of personal data that was read. Needs the hub's owner; may be run again.
CREATE OR REPLACE FUNCTION access.record_role_changes() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO access.audit (actor, action, subject, reason, details)
  SELECT session_user, 'user_changed', n.email, NULL,
         jsonb_build_object('role', jsonb_build_array(o.role, n.role), 'active', jsonb_build_array(o.active, n.active))
    FROM changed_to AS n
    JOIN changed_from AS o ON o.user_id = n.user_id
   WHERE (o.role, o.active) IS DISTINCT FROM (n.role, n.active);
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION access.record_role_changes() FROM PUBLIC;

CREATE OR REPLACE TRIGGER record_role_changes AFTER UPDATE ON access.users
  REFERENCING OLD TABLE AS changed_from NEW TABLE AS changed_to
  FOR EACH STATEMENT EXECUTE FUNCTION access.record_role_changes();
