-- Every lead of an applied plan, as it was left; old_stage equals new_stage, without a time, when it was there already.
CREATE TABLE crm.applied_lead_steps (
  plan_id     nvarchar(200) COLLATE Latin1_General_100_BIN2 NOT NULL
                            CONSTRAINT fk_applied_lead_steps_plans REFERENCES crm.applied_lead_plans (plan_id),
  lead_id     bigint        NOT NULL,
  customer_id bigint        NOT NULL,
  old_stage   varchar(20)   COLLATE Latin1_General_100_BIN2 NOT NULL,
  new_stage   varchar(20)   COLLATE Latin1_General_100_BIN2 NOT NULL,
  at          datetime2(7)  NULL,
  history_id  bigint        NULL CONSTRAINT fk_applied_lead_steps_history REFERENCES crm.lead_stage_history (history_id),
  CONSTRAINT pk_applied_lead_steps PRIMARY KEY (plan_id, lead_id),
  CONSTRAINT ck_applied_lead_steps_moved
    CHECK (old_stage = new_stage AND at IS NULL AND history_id IS NULL OR old_stage <> new_stage AND at IS NOT NULL AND history_id IS NOT NULL)
);
