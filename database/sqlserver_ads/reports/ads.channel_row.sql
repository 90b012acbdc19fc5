-- Channels as an agency sends them.
CREATE TYPE ads.channel_row AS TABLE (
  channel_id varchar(40)   COLLATE Latin1_General_100_BIN2 NOT NULL PRIMARY KEY CLUSTERED,
  name       nvarchar(120) COLLATE Modern_Spanish_100_CI_AI NOT NULL,
  kind       varchar(20)   COLLATE Latin1_General_100_BIN2 NOT NULL
);
