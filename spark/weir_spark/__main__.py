from weir_spark.cli import main

raise SystemExit(main())
