-- Every value of an applied plan, before and after; equal, and without a line in the change log, when it was so already.
CREATE TABLE ads.applied_budget_rows (
  plan_id     nvarchar(200) COLLATE Latin1_General_100_BIN2 NOT NULL
                            CONSTRAINT fk_applied_budget_rows_plans REFERENCES ads.applied_budget_plans (plan_id) ON DELETE CASCADE,
  campaign_id varchar(60)   COLLATE Latin1_General_100_BIN2 NOT NULL,
  channel_id  varchar(40)   COLLATE Latin1_General_100_BIN2 NOT NULL,
  month       date          NOT NULL CONSTRAINT ck_applied_budget_rows_month CHECK (DAY(month) = 1),
  old_planned decimal(14,2) NULL,
  new_planned decimal(14,2) NOT NULL CONSTRAINT ck_applied_budget_rows_new_planned CHECK (new_planned >= 0),
  change_id   bigint        NULL,
  CONSTRAINT pk_applied_budget_rows PRIMARY KEY (plan_id, campaign_id, channel_id, month),
  -- Two nulls cannot be: what was not planned before is a change.
  CONSTRAINT ck_applied_budget_rows_changed CHECK (old_planned = new_planned AND change_id IS NULL OR change_id IS NOT NULL)
);
