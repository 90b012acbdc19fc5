-- Who applied which plan, when and why. Repeating a plan finds it here; what it did is in ads.applied_budget_rows.
CREATE TABLE ads.applied_budget_plans (
  plan_id     nvarchar(200)  COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT pk_applied_budget_plans PRIMARY KEY,
  changed_by  nvarchar(200)  COLLATE Latin1_General_100_BIN2 NOT NULL,
  reason      nvarchar(2000) COLLATE Modern_Spanish_100_CI_AI NULL,
  applied_at  datetime2(7)   NOT NULL,
  recorded_at datetime2(7)   NOT NULL CONSTRAINT df_applied_budget_plans_recorded_at DEFAULT SYSUTCDATETIME(),
  row_version rowversion     NOT NULL
);
