-- One step of a plan. In the order of its key, so that two plans lock their leads in the same order.
CREATE TYPE crm.lead_change AS TABLE (
  lead_id  bigint         NOT NULL PRIMARY KEY CLUSTERED,
  expected varchar(20)    COLLATE Latin1_General_100_BIN2 NOT NULL,   -- the stage the plan was made of
  stage    varchar(20)    COLLATE Latin1_General_100_BIN2 NOT NULL,
  at       datetime2(7)   NOT NULL,                                   -- when the step was made, UTC
  note     nvarchar(2000) COLLATE Modern_Spanish_100_CI_AI NULL
);
