-- Names this database as it is since it was last restored; versions of change tracking from before mean nothing after. The login sees the row of the database
-- that it is connected to as long as VIEW ANY DATABASE is public, as it is by default.
CREATE FUNCTION etl.incarnation () RETURNS varchar(80)
AS
BEGIN
  RETURN (SELECT CONVERT(varchar(36), s.database_guid) + '.' + CONVERT(varchar(36), s.recovery_fork_guid)
            FROM sys.database_recovery_status AS s WHERE s.database_id = DB_ID());
END;
