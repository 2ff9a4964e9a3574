"""Names that the vendor's profiles have (semantics 5.4) and ours have not yet: a fault on them says so."""

BILL_LATER = frozenset({"points"})

EVENT_LATER = frozenset(
    {
        "targetAchieved",
        "targetDefined",
        "targetExists",
        "targetGaps",
        "streakName",
        "streakExists",
    }
)

CUSTOMER_LATER = frozenset(
    {
        "isLoyal",
        "slabName",
        "slabNumber",
        "initialSlabName",
        "initialSlabNumber",
        "currentPoints",
        "lifetimePoints",
        "initialCurrentPoints",
        "initialLifetimePoints",
        "InitialLifetimePurchase",
        "initialLifetimePurchase",
        "numberOfTxnsToday",
        "numberOfVisits",
        "avgBasketSize",
        "avgSpendPerVisit",
        "customFieldValueIncludes",
        "customFieldValueExcludes",
        "customFieldValueExists",
        "clusterValueIncludes",
        "clusterValueExcludes",
        "customerStatus",
        "customerStatusLabel",
        "trackerValueBeforeEvent",
        "trackerValueCurrentEvent",
        "targetAchievedInPeriod",
        "targetAchievedInCurrentPeriod",
        "avgTargetAchieved",
        "isStreakAchieved",
        "streakCurrentValue",
        "targetsAchievedForUnified",
        "targetsAchievedForUnifiedInCurrentPeriod",
    }
)
