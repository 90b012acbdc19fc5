-- Every step a lead made, and the times that the step put out of its row: a lead that is taken up again begins anew.
CREATE TABLE crm.lead_stage_history (
  history_id   bigint         IDENTITY (1, 1) NOT NULL CONSTRAINT pk_lead_stage_history PRIMARY KEY,
  lead_id      bigint         NOT NULL,
  old_stage    varchar(20)    COLLATE Latin1_General_100_BIN2 NOT NULL,
  new_stage    varchar(20)    COLLATE Latin1_General_100_BIN2 NOT NULL,
  moved_at     datetime2(7)   NOT NULL,                                  -- when the step was made
  note         nvarchar(2000) COLLATE Modern_Spanish_100_CI_AI NULL,
  plan_id      nvarchar(200)  COLLATE Latin1_General_100_BIN2 NOT NULL
                              CONSTRAINT fk_lead_stage_history_plans REFERENCES crm.applied_lead_plans (plan_id),
  changed_by   nvarchar(200)  COLLATE Latin1_General_100_BIN2 NOT NULL,
  changed_at   datetime2(7)   NOT NULL,                                  -- when it was written down
  times_before nvarchar(400)  COLLATE Latin1_General_100_BIN2 NOT NULL   -- {"contacted_at", "qualified_at", "proposal_at", "closed_at"}
                              CONSTRAINT ck_lead_stage_history_times_before CHECK (ISJSON(times_before) = 1),
  row_version  rowversion     NOT NULL,
  -- A plan moves a lead once; also the index by which a lead's history is read.
  CONSTRAINT uq_lead_stage_history UNIQUE (lead_id, plan_id)
);
