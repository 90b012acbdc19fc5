-- The hub's ads.channels.
CREATE VIEW etl.channels
AS
SELECT t.channel_id, t.name, t.kind
  FROM ads.channels AS t;
