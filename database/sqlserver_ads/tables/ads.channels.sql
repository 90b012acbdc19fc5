-- The networks that campaigns run on.
CREATE TABLE ads.channels (
  channel_id  varchar(40)   COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT pk_channels PRIMARY KEY,   -- 'instagram'
  name        nvarchar(120) COLLATE Modern_Spanish_100_CI_AI NOT NULL,                                     -- 'Instagram'
  kind        varchar(12)   COLLATE Latin1_General_100_BIN2 NOT NULL
                            CONSTRAINT ck_channels_kind CHECK (kind IN ('social', 'search', 'display', 'video', 'messaging', 'email')),
  row_version rowversion    NOT NULL
);
GO
ALTER TABLE ads.channels ENABLE CHANGE_TRACKING WITH (TRACK_COLUMNS_UPDATED = OFF);
