-- A window of its own to watch from. Needs VIEW SERVER STATE.
SET NOCOUNT ON;

-- Who waits for whom just now, for what, and what it has sent.
SELECT r.session_id, r.blocking_session_id, r.wait_type, r.wait_resource, r.wait_time AS waits_ms, s.program_name, t.text AS sent
  FROM sys.dm_exec_requests AS r
  INNER JOIN sys.dm_exec_sessions AS s ON s.session_id = r.session_id
 CROSS APPLY sys.dm_exec_sql_text(r.sql_handle) AS t
 WHERE r.blocking_session_id <> 0
 ORDER BY r.session_id;
GO

-- The deadlocks of late, newest first: the victim, and the whole graph, which SSMS draws when it is saved as .xdl.
WITH buffer AS (
  SELECT CONVERT(xml, t.target_data) AS content
    FROM sys.dm_xe_session_targets AS t
    INNER JOIN sys.dm_xe_sessions AS s ON s.address = t.event_session_address
   WHERE s.name = N'system_health' AND t.target_name = N'ring_buffer'
)
SELECT e.event.value('@timestamp', 'datetime2(3)') AS happened_at,
       e.event.value('(data/value/deadlock/victim-list/victimProcess/@id)[1]', 'nvarchar(40)') AS victim,
       e.event.query('data/value/deadlock') AS graph
  FROM buffer AS b
 CROSS APPLY b.content.nodes('/RingBufferTarget/event[@name="xml_deadlock_report"]') AS e (event)
 ORDER BY happened_at DESC;
GO
