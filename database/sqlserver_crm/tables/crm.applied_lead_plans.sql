-- Who applied which plan of lead steps and when. Repeating a plan finds it here; what it did is in crm.applied_lead_steps.
CREATE TABLE crm.applied_lead_plans (
  plan_id     nvarchar(200) COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT pk_applied_lead_plans PRIMARY KEY,
  changed_by  nvarchar(200) COLLATE Latin1_General_100_BIN2 NOT NULL,
  applied_at  datetime2(7)  NOT NULL,
  recorded_at datetime2(7)  NOT NULL CONSTRAINT df_applied_lead_plans_recorded_at DEFAULT SYSUTCDATETIME(),
  row_version rowversion    NOT NULL
);
